import JSONBytes
import Pricing

/// The match clauses of the source as exact names and globs, in small letters.
enum GenAIPricesNames {
    /// Reads a clause into `model`; what cannot be said as names and globs goes to the tally.
    static func read(
        _ clause: JSONValue?, into model: inout ImportedModel, _ place: String,
        _ tally: inout ImportTally
    ) {
        guard let member = clause?.members?.first, clause?.members?.count == 1 else {
            tally.leave("match clauses of an unknown shape", at: place)
            return
        }
        let text = member.value.textValue
        switch (member.key, text) {
        case ("or", _):
            for inner in member.value.elements ?? [] { read(inner, into: &model, place, &tally) }
        case ("equals", let text?):
            tally.carry("match: equals")
            let name = text.lowercased()
            if !model.names.contains(name) { model.names.append(name) }
        case ("and", _):
            readAnd(member.value.elements ?? [], into: &model, place, &tally)
        default:
            guard let globs = globs(member.key, text), !globs.isEmpty else {
                tally.leave("match: \(member.key) that no glob says", at: "\(place): \(text ?? "")")
                return
            }
            tally.carry("match: \(member.key)")
            for glob in globs { add(ImportedPattern(glob: glob), to: &model) }
        }
    }

    /// A glob without a wildcard is a name.
    private static func add(_ pattern: ImportedPattern, to model: inout ImportedModel) {
        if pattern.glob.utf8.contains(where: { "*?#".utf8.contains($0) }) {
            if !model.patterns.contains(pattern) { model.patterns.append(pattern) }
        } else if !model.names.contains(pattern.glob) {
            model.names.append(pattern.glob)
        }
    }

    private static func globs(_ kind: String, _ text: String?) -> [String]? {
        guard let text else { return nil }
        if kind == "regex" { return RegexGlobs.globs(of: text) }
        let plain = text.lowercased()
        guard !plain.utf8.contains(where: { "*?#".utf8.contains($0) }) else { return nil }
        switch kind {
        case "starts_with": return [plain + "*"]
        case "ends_with": return ["*" + plain]
        case "contains": return ["*" + plain + "*"]
        default: return nil
        }
    }

    /// One clause that says what a name is, and others that say what it is not.
    private static func readAnd(
        _ clauses: [JSONValue], into model: inout ImportedModel, _ place: String,
        _ tally: inout ImportTally
    ) {
        var positive: [String]?
        var except: [String] = []
        for clause in clauses {
            guard let member = clause.members?.first, clause.members?.count == 1,
                let text = member.value.textValue
            else { return tally.leave("match clauses of an unknown shape", at: place) }
            if member.key == "regex", let excluded = RegexGlobs.excluded(by: text) {
                except += excluded
            } else if let globs = globs(member.key, text), positive == nil {
                positive = globs
            } else {
                return tally.leave("match: and that no glob says", at: place)
            }
        }
        tally.carry("match: and")
        for glob in positive ?? [] { add(ImportedPattern(glob: glob, except: except), to: &model) }
    }

    // MARK: The order of the source

    /// The source takes the first model in its file that matches; here an exact name goes before
    /// any glob, and the globs keep their order. So an exact name that an earlier model's glob
    /// matches is left out.
    static func keepOrder(in channel: inout ImportedChannel, _ tally: inout ImportTally) {
        var names: Set<String> = []
        var earlier: [ImportedPattern] = []
        for index in channel.models.indices {
            var model = channel.models[index]
            let place = "\(channel.id)/\(model.id)"
            model.names.removeAll { name in
                let isTaken = names.contains(name) || earlier.contains { $0.matches(name) }
                if isTaken {
                    tally.leave("names that an earlier model takes", at: "\(place): \(name)")
                }
                return isTaken
            }
            names.formUnion(model.names)
            earlier += model.patterns
            channel.models[index] = model
        }
    }

    // MARK: Canonical ids

    /// What every seller decorates in its own way, taken off.
    static func canonical(_ id: String, of provider: String) -> String {
        var name = id.lowercased()
        switch provider {
        case "anthropic":
            if name.hasSuffix("-latest") { name.removeLast(7) }
            if name.hasSuffix("-4-0") { name.removeLast(2) }
        case "aws":
            for place in ["global.", "regional."] where name.hasPrefix(place) {
                name.removeFirst(place.count)
            }
            if let dot = name.firstIndex(of: "."), name[..<dot].allSatisfy(\.isLetter) {
                let maker = name[..<dot]
                name = String(name[name.index(after: dot)...])
                if maker == "deepseek" { name = "deepseek-" + name }
            }
            name = CanonicalName.withoutVersion(name)
        case "google":
            // Vertex AI: `claude-4-sonnet` is the vendor's `claude-sonnet-4`.
            for family in ["sonnet", "opus"] where name == "claude-4-\(family)" {
                name = "claude-\(family)-4"
            }
        case "databricks":
            if name.hasPrefix("databricks-") { name.removeFirst(11) }
        default: break
        }
        if let slash = name.lastIndex(of: "/") { name = String(name[name.index(after: slash)...]) }
        return CanonicalName.dotted(name, letterP: provider == "fireworks")
    }
}

extension ImportedPattern {
    func matches(_ name: String) -> Bool {
        Glob.matches(glob.utf8, name.utf8)
            && !except.contains { Glob.matches($0.utf8, name.utf8) }
    }
}
