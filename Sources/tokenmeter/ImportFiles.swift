import Foundation

/// The files of an import: those that were named, and those below folders that were named.
struct ImportFiles {
    struct File {
        let path: String
        /// `nil` for what has none, such as a pipe.
        let bytes: Int64?
    }

    let files: [File]
    /// Of all files, where every one has a size.
    let bytes: Int64?

    private static let endings = [".jsonl", ".ndjson", ".json", ".csv", ".log"]
    private static let compressed = ["", ".gz", ".zst", ".xz"]

    init(_ names: [String]) throws {
        var paths: [String] = []
        for name in names {
            guard RateFolder.isFolder(name) else {
                // A name that was mistyped ends the import before it began.
                guard name == "-" || FileManager.default.fileExists(atPath: name) else {
                    throw FileError.unreadable(name, reason: "no such file or folder")
                }
                paths.append(name)
                continue
            }
            let folder = name.hasSuffix("/") ? name : name + "/"
            let inside = (FileManager.default.enumerator(atPath: name)?.allObjects ?? [])
                .compactMap { $0 as? String }.filter(Self.isWanted).sorted().map { folder + $0 }
                .filter(Self.isFile)
            guard !inside.isEmpty else {
                throw FileError.unreadable(name, reason: "no .jsonl, .json or .csv file below it")
            }
            paths += inside
        }
        files = paths.map { File(path: $0, bytes: Self.size($0)) }
        let sizes = files.map(\.bytes)
        bytes = sizes.contains(nil) ? nil : sizes.compactMap(\.self).reduce(0, +)
    }

    /// No folder, and no pipe, which would be waited for.
    private static func isFile(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let type = attributes?[.type] as? FileAttributeType
        return type == .typeRegular || type == .typeSymbolicLink
    }

    private static func size(_ path: String) -> Int64? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular else { return nil }
        return (attributes?[.size] as? NSNumber)?.int64Value
    }

    private static func isWanted(_ name: String) -> Bool {
        endings.contains { ending in
            compressed.contains { name.lowercased().hasSuffix(ending + $0) }
        }
    }
}
