/// Reads a file of values: JSON where its name ends in `.json`, else YAML.
///
/// Files that people write are YAML. Tables that an importer writes are JSON, one record a line:
/// they read and diff as well, and load twenty times as fast (Benchmarks/README.md).
package enum ConfigReader {
    /// The largest file that is read.
    package static let maximumBytes = 4 << 20
    static let maximumDepth = 16

    /// The root, or `nil` with the fault in `collector`.
    package static func read(
        _ text: String, file: String, collector: FaultCollector
    ) -> ConfigNode? {
        file.hasSuffix(".json")
            ? JSONConfigReader.read(text, file: file, collector: collector)
            : YAMLReader.read(text, file: file, collector: collector)
    }
}
