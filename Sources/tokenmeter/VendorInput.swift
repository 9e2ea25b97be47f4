import Accounting
import JSONBytes
import Pricing
import ProviderUsage

/// A vendor's usage as it came: its usage object, its answer, or a recorded stream.
enum VendorInput {
    /// The most that is read of what `price --vendor-usage` names.
    static let maximumBytes = 64 << 20

    /// Calls `body` with the bytes of a file or of stdin, a block at a time.
    static func forEachBlock(
        of path: String, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var input = try ImportInput(path)
        defer { input.close() }
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { block.deallocate() }
        while true {
            let count = try input.read(into: block)
            guard count > 0 else { break }
            try body(UnsafeRawBufferPointer(rebasing: block[..<count]))
        }
        try input.finish()
    }

    /// Throws `QuestionError` where the file holds no final usage: a price is not made of a guess.
    static func reading(of path: String, api: String?) throws -> UsageReading {
        let stated = try api.map { try StreamAPI(named: $0, in: "--api") }
        let name = path == "-" ? "standard input" : path
        var bytes: [UInt8] = []
        try forEachBlock(of: path) { block in
            guard bytes.count + block.count <= maximumBytes else {
                throw FileError.unreadable(name, reason: "it is longer than 64 MiB")
            }
            bytes.append(contentsOf: block)
        }
        let reading = try reading(bytes, stated, name)
        guard reading.known == .reported else {
            throw QuestionError.invalid(
                field: "--vendor-usage",
                problem:
                    "\(name) holds no final usage (\(reading.known.rawValue)); tokenmeter inspect shows what it holds"
            )
        }
        return reading
    }

    private static func reading(
        _ bytes: [UInt8], _ api: StreamAPI?, _ name: String
    ) throws -> UsageReading {
        if let value = try? JSONReader.value(of: bytes, numbers: .decimal), value.members != nil {
            do {
                return try UsageReading(vendorUsage: value, api: api)
            } catch {
                throw QuestionError.invalid(
                    field: "--vendor-usage", problem: "\(name): \(error)")
            }
        }
        var reader = UsageReader(api: api)
        reader.read(bytes)
        return reader.finish()
    }
}
