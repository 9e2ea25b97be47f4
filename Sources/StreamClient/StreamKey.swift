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

    /// The text without the key, wherever it stood in it, and whatever that shows nothing stands
    /// between its letters.
    package func redacted(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var rest = String.UnicodeScalarView()
        var place = 0
        while place < scalars.count {
            if let end = end(in: scalars, from: place) {
                rest.append(contentsOf: "(the key)".unicodeScalars)
                place = end
            } else {
                rest.append(scalars[place])
                place += 1
            }
        }
        return String(rest)
    }

    /// A name of a vendor's that may repeat the key. A short key is the word that a server of one's own
    /// wants there, and may well be a part of a name.
    package func redacted(name: String) -> String {
        secret.unicodeScalars.count < 8 && name != secret ? name : redacted(name)
    }

    /// The place behind the key, where it begins at `place`.
    private func end(in scalars: [Unicode.Scalar], from place: Int) -> Int? {
        var place = place
        for (index, letter) in secret.unicodeScalars.enumerated() {
            while index > 0, place < scalars.count, Self.showsNothing(scalars[place]) { place += 1 }
            guard place < scalars.count, scalars[place] == letter else { return nil }
            place += 1
        }
        return place
    }

    private static func showsNothing(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format: true
        default: scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
