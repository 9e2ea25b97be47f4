import Crypto
import Pricing

/// SHA-256 of what identifies a thing.
enum ContentHash {
    /// The first 16 hexadecimal digits behind an `L`: 64 bits, far more than the lines that will
    /// ever be.
    static func lineID(_ identity: String) -> String {
        "L" + hex(SHA256.hash(data: Array(identity.utf8))).prefix(16)
    }

    /// The digest of some files: their names and texts in the order of the names.
    static func digest(_ files: [RateFile]) -> String {
        var hash = SHA256()
        func add(_ bytes: UnsafeBufferPointer<UInt8>) {
            hash.update(data: Array("\(bytes.count):".utf8))
            hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
        }
        for file in files.sorted(by: { $0.name < $1.name }) {
            var name = file.name
            name.withUTF8(add)
            file.withBytes(add)
        }
        return hex(hash.finalize())
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension RateLine {
    /// The id that its content has; another than `id` where somebody changed it.
    package var contentID: String {
        ContentHash.lineID(
            RateLine.identity(
                channel: channel, model: model, currency: currency, conditions: conditions,
                validFrom: validFrom, unlisted: unlisted, minimumUnits: minimumUnits,
                rates: rates))
    }

    /// A line whose id is the hash of its content.
    convenience init(
        channel: String, model: String, currency: Currency, conditions: RateConditions,
        validFrom: Timestamp, unlisted: Unlisted, minimumUnits: [Meter: Int64], rates: Rates
    ) {
        let identity = RateLine.identity(
            channel: channel, model: model, currency: currency, conditions: conditions,
            validFrom: validFrom, unlisted: unlisted, minimumUnits: minimumUnits, rates: rates)
        self.init(
            id: ContentHash.lineID(identity), channel: channel, model: model, currency: currency,
            conditions: conditions, validFrom: validFrom, unlisted: unlisted,
            minimumUnits: minimumUnits, rates: rates)
    }
}
