import Foundation
import RateCatalog

/// Reads rate files off the disk.
enum RateFolder {
    static let maximumMegabytes = 64

    /// Every `.yml` and `.yaml` below a folder, named by its path inside it.
    static func files(in folder: String) throws -> [RateFile] {
        guard isFolder(folder) else { throw FileError.unreadable(folder, reason: "no such folder") }
        let names = (FileManager.default.enumerator(atPath: folder)?.allObjects ?? []).compactMap {
            $0 as? String
        }
        let tables = names.filter { $0.hasSuffix(".yml") || $0.hasSuffix(".yaml") }.sorted()
        guard !tables.isEmpty else {
            throw FileError.unreadable(folder, reason: "it holds no .yml file")
        }
        return try tables.map { RateFile(name: $0, text: try text(of: "\(folder)/\($0)")) }
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && isFolder.boolValue
    }

    /// The text of a file, `-` for stdin.
    static func text(of path: String) throws -> String {
        let data: Data
        do {
            let handle =
                path == "-"
                ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(filePath: path))
            data = try handle.read(upToCount: maximumMegabytes << 20) ?? Data()
        } catch {
            throw FileError.unreadable(
                path, reason: isFolder(path) ? "it is a folder" : "no such file, or no permission")
        }
        guard data.count < maximumMegabytes << 20 else {
            throw FileError.tooLarge(path, limitMegabytes: maximumMegabytes)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw FileError.unreadable(path, reason: "it is not UTF-8 text")
        }
        return text
    }
}
