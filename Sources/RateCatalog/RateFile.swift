import EmbeddedRates

/// The text of one rate file, and the name by which faults speak of it.
package struct RateFile: Hashable, Sendable {
    package let name: String
    package let text: String
    /// A user's own file, read behind the shipped ones: where the two clash, the fault is told here.
    package let isOwn: Bool

    package init(name: String, text: String, isOwn: Bool = false) {
        self.name = name
        self.text = text
        self.isOwn = isOwn
    }

    /// The tables that this executable was built with.
    package static var embedded: [RateFile] {
        (0..<embedded_rate_file_count()).map { index in
            let file = embedded_rate_file(index)
            return RateFile(
                name: String(cString: file.name),
                text: String(
                    decoding: UnsafeBufferPointer(start: file.bytes, count: file.count),
                    as: UTF8.self))
        }
    }
}
