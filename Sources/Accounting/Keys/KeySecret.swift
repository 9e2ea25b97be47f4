import Crypto

/// A key as its holder has it: `tm_<id>_<secret>`, 256 bits of it secret. It is shown once, and kept
/// as a hash: of so many random bits nothing can be tried, so a fast hash will do.
package struct KeySecret: Sendable, CustomStringConvertible {
    package let id: String
    private let secret: String

    private static let prefix = "tm"
    private static let idLength = 10
    private static let secretBytes = 32
    /// <https://www.crockford.com/base32.html> (checked 2026-11-23), in small letters: no letter is
    /// mistaken for a digit.
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    /// 52 letters of 5 bits hold 256.
    private static let secretLength = (secretBytes * 8 + 4) / 5

    /// A new one.
    package init() {
        var generator = SystemRandomNumberGenerator()
        id = Self.letters(Self.idLength, using: &generator)
        secret = Self.letters(Self.secretLength, using: &generator)
    }

    /// `nil` for what cannot be a key of ours.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        let known = Set(Self.alphabet)
        guard parts.count == 3, parts[0] == Self.prefix, parts[1].utf8.count == Self.idLength,
            parts[2].utf8.count == Self.secretLength,
            parts[1...].allSatisfy({ $0.utf8.allSatisfy(known.contains) })
        else { return nil }
        id = String(parts[1])
        secret = String(parts[2])
    }

    /// For the one time that it is shown.
    package var text: String { "\(Self.prefix)_\(id)_\(secret)" }

    /// Never the secret, wherever it is printed by mistake.
    package var description: String { "\(Self.prefix)_\(id)_…" }

    /// SHA-256 of the whole text.
    package var hash: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }

    /// In a time that says nothing of how much of it is right.
    package func matches(hash known: [UInt8]) -> Bool {
        let hash = hash
        guard hash.count == known.count else { return false }
        return zip(hash, known).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func letters(
        _ count: Int, using generator: inout some RandomNumberGenerator
    ) -> String {
        // 32 letters: each takes 5 bits of a word, none more often than another.
        let letters = (0..<count).map { _ in alphabet[Int(generator.next() & 31)] }
        return String(decoding: letters, as: UTF8.self)
    }
}
