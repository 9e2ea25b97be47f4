/// A key to a vendor. Whoever prints it, or what holds it, sees no letter of it.
package struct StreamKey: Sendable, CustomStringConvertible, CustomReflectable {
    package let secret: String

    /// `nil` for what no header can carry: nothing, white space inside, letters outside ASCII. White
    /// space around it is left out, for a file ends with a line feed.
    package init?(_ text: String) {
        let secret = text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()
        guard !secret.isEmpty, secret.allSatisfy({ $0 > " " && $0 < "\u{7F}" }) else { return nil }
        self.secret = String(secret)
    }

    package var description: String { "(a key)" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// The text without the key, wherever it stood in it.
    package func redacted(_ text: String) -> String {
        text.split(separator: secret, omittingEmptySubsequences: false).joined(
            separator: "(the key)")
    }
}
