import JSONBytes
import Pricing

/// Writes one line of JSON a request: who asked for what, and what became of it; never a key, a query
/// or a word of a body.
package struct AccessLog: Sendable {
    private let write: @Sendable ([UInt8]) -> Void

    /// `write` gets a whole line.
    package init(_ write: @escaping @Sendable ([UInt8]) -> Void) { self.write = write }

    package func log(_ time: Timestamp, _ fields: KeyValuePairs<String, JSONValue?>) {
        var line = JSONObject(["time": .string(time.text)])
        for (name, value) in fields { line.append(name, value) }
        write(JSONValue.object(line).compactBytes + [UInt8(ascii: "\n")])
    }
}
