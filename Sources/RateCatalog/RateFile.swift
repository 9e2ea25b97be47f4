import EmbeddedRates

/// The text of one rate file, and the name by which faults speak of it.
package struct RateFile: Hashable, Sendable {
    package let name: String
    /// A user's own file, read behind the shipped ones: where the two clash, the fault is told here.
    package let isOwn: Bool
    private let content: Content

    package init(name: String, text: String, isOwn: Bool = false) {
        self.name = name
        self.isOwn = isOwn
        content = .text(text)
    }

    private init(_ file: embedded_rate_file_t) {
        name = String(cString: file.name)
        isOwn = false
        content = .embedded(EmbeddedText(start: file.bytes, count: file.count))
    }

    package var text: String {
        switch content {
        case .text(let text): text
        case .embedded(let embedded): String(decoding: embedded.bytes, as: UTF8.self)
        }
    }

    /// The bytes of `text`, without a copy of them.
    func withBytes<T>(_ body: (UnsafeBufferPointer<UInt8>) -> T) -> T {
        switch content {
        case .text(var text): text.withUTF8(body)
        case .embedded(let embedded): body(embedded.bytes)
        }
    }

    /// The tables that this executable was built with.
    package static var embedded: [RateFile] {
        (0..<embedded_rate_file_count()).map { RateFile(embedded_rate_file($0)) }
    }

    package static func == (lhs: RateFile, rhs: RateFile) -> Bool {
        lhs.name == rhs.name && lhs.isOwn == rhs.isOwn && lhs.text == rhs.text
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(text)
    }
}

private enum Content: Sendable {
    case text(String)
    case embedded(EmbeddedText)
}

/// Bytes of the executable itself: a start that finds its tables in the database only hashes them.
private struct EmbeddedText: @unchecked Sendable {
    // Sendable, for they are constants that live as long as the process.
    let bytes: UnsafeBufferPointer<UInt8>

    init(start: UnsafePointer<UInt8>, count: Int) {
        bytes = UnsafeBufferPointer(start: start, count: count)
    }
}
