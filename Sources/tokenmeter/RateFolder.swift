import Foundation
import RateCatalog

/// Reads rate files off the disk.
enum RateFolder {
    static let maximumMegabytes = 64

    /// Every rate file below a folder, named by its path inside it: `.yml`, `.yaml`, and the `.json`
    /// that imports write.
    static func files(in folder: String) throws -> [RateFile] {
        let files = try anyFiles(in: folder)
        guard !files.isEmpty else {
            throw FileError.unreadable(folder, reason: "it holds no rate file (.yml or .json)")
        }
        return files
    }

    /// The same, of a folder that may be empty.
    static func anyFiles(in folder: String) throws -> [RateFile] {
        guard isFolder(folder) else { throw FileError.unreadable(folder, reason: "no such folder") }
        let names = (FileManager.default.enumerator(atPath: folder)?.allObjects ?? []).compactMap {
            $0 as? String
        }
        let tables = names.filter { name in
            [".yml", ".yaml", ".json"].contains(where: name.hasSuffix)
                && (name as NSString).lastPathComponent != "schema.json"
        }
        return try tables.sorted().map { RateFile(name: $0, text: try text(of: "\(folder)/\($0)")) }
    }

    /// Writes files below a folder: all of them beside their places first, then each to its place.
    static func write(_ files: [RateFile], into folder: String) throws {
        var moves: [(from: URL, to: URL)] = []
        do {
            for file in files {
                let place = URL(filePath: "\(folder)/\(file.name)")
                let parent = place.deletingLastPathComponent()
                try FileManager.default.createDirectory(
                    at: parent, withIntermediateDirectories: true)
                let draft = parent.appending(path: ".\(place.lastPathComponent).new")
                moves.append((draft, place))
                try Data(file.text.utf8).write(to: draft)
            }
            for (draft, place) in moves {
                guard rename(draft.path, place.path) == 0 else {
                    throw FileError.unwritable(
                        place.path, reason: "it could not be put in its place")
                }
            }
        } catch {
            for (draft, _) in moves { try? FileManager.default.removeItem(at: draft) }
            throw error as? FileError
                ?? FileError.unwritable(folder, reason: "no such folder, no permission or no room")
        }
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
