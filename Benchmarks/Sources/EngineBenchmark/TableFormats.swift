import ConfigFiles
import RateCatalog

/// The same tables in the two text formats that rate files may have.
///
/// Read as far as their nodes, since what follows is the same for both. A number or text of JSON is
/// one of YAML too, so that the imported files are read as both.
struct TableFormats {
    private let imported = RateFile.embedded.filter { $0.name.hasPrefix("imported/") }

    var megabytes: Double { Double(imported.reduce(0) { $0 + $1.text.utf8.count }) / 1e6 }

    func json(_ index: Int) -> Int128 { read(asJSON: true) }
    func yaml(_ index: Int) -> Int128 { read(asJSON: false) }

    private func read(asJSON: Bool) -> Int128 {
        let collector = FaultCollector()
        for file in imported {
            let name = asJSON ? "a.json" : "a.yml"
            _ = ConfigReader.read(file.text, file: name, collector: collector)
        }
        precondition(collector.faults.isEmpty, "a table that cannot be read")
        return Int128(collector.faults.count)
    }
}
