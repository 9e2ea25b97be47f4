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

    private init(embedded index: Int) {
        name = String(cString: embedded_rate_file(index).name)
        isOwn = false
        content = .embedded(index)
    }

    package var text: String {
        switch content {
        case .text(let text): text
        case .embedded: withBytes { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// The bytes of `text`, without a copy of them.
    func withBytes<T>(_ body: (UnsafeBufferPointer<UInt8>) -> T) -> T {
        switch content {
        case .text(var text): text.withUTF8(body)
        case .embedded(let index):
            body(
                UnsafeBufferPointer(
                    start: embedded_rate_file(index).bytes, count: embedded_rate_file(index).count))
        }
    }

    /// The tables that this executable was built with.
    package static var embedded: [RateFile] {
        (0..<embedded_rate_file_count()).map(RateFile.init(embedded:))
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
    /// The place among the tables of the executable: a start that finds them in the database hashes
    /// them where they lie.
    case embedded(Int)
}
