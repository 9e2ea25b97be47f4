import Pricing

/// What somebody asked, as names and texts: flags of a command line and fields of a request alike.
///
/// Names are in snake case; messages spell them as the asker did.
package struct Parameters: Sendable {
    package enum Spelling: Sendable {
        /// `--output-tokens`
        case flags
        /// `output_tokens`
        case fields
    }

    package let spelling: Spelling
    private var values: [String: [String]]

    package init(_ values: [String: [String]], spelling: Spelling) {
        self.values = values.filter { !$0.value.isEmpty }
        self.spelling = spelling
    }

    /// The same question with other texts under one name.
    package func replacing(_ name: String, with texts: [String]) -> Parameters {
        var values = values
        values[name] = texts
        return Parameters(values, spelling: spelling)
    }

    package func spelled(_ name: String) -> String {
        switch spelling {
        case .flags: "--" + String(name.map { $0 == "_" ? "-" : $0 })
        case .fields: name
        }
    }

    package func has(_ name: String) -> Bool { values[name] != nil }

    /// The name that brought an error up: the one with what the error quotes, else the first given of
    /// those that it is about; `nil` where none was given.
    package func name(at fault: PricingError) -> String? {
        let (names, quoted) = fault.subject
        let holder = quoted.flatMap { text in
            values.keys.sorted().first { values[$0]?.contains(text) ?? false }
        }
        return (holder ?? names.first(where: has)).map(spelled)
    }

    package func texts(_ name: String) -> [String] { values[name] ?? [] }

    /// Throws where the name is given more than once.
    package func text(_ name: String) throws(QuestionError) -> String? {
        let all = texts(name)
        guard all.count <= 1 else {
            throw .invalid(field: spelled(name), problem: "given \(all.count) times")
        }
        return all.first
    }

    package func required(_ name: String) throws(QuestionError) -> String {
        guard let text = try text(name) else { throw .missing(field: spelled(name)) }
        return text
    }

    package func flag(_ name: String) throws(QuestionError) -> Bool {
        switch try text(name) {
        case nil, "false": false
        case "true", "": true
        case .some(let text):
            throw .invalid(
                field: spelled(name), problem: "\(quoted(text)) is neither true nor false")
        }
    }

    /// A count of one request's units or a month's: at most `limit`.
    package func count(
        _ name: String, limit: Int64 = Usage.maximumCount
    ) throws(QuestionError) -> Int64? {
        guard let text = try text(name) else { return nil }
        return try count(of: text, named: name, limit: limit)
    }

    func count(of text: String, named name: String, limit: Int64) throws(QuestionError) -> Int64 {
        guard let count = Count.parse(text) else {
            let isOnlyDigits = !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
            guard !isOnlyDigits else {
                throw .invalid(
                    field: spelled(name),
                    problem: "\(quoted(text)) is more than \(Count.grouped(limit))")
            }
            throw .invalid(
                field: spelled(name),
                problem: "\(quoted(text)) is not a whole number such as 1000, 250k or 10M")
        }
        guard count <= limit else {
            throw .invalid(
                field: spelled(name),
                problem: "\(quoted(text)) is more than \(Count.grouped(limit))")
        }
        return count
    }

    package func share(_ name: String) throws(QuestionError) -> Share? {
        try parsed(name) { text throws(PricingError) in try Share(parsing: text, for: "")
        }
    }

    package func money(_ name: String) throws(QuestionError) -> Money? {
        try parsed(name) { text throws(PricingError) in try Money(parsing: text) }
    }

    package func currency(_ name: String) throws(QuestionError) -> Currency? {
        try parsed(name) { text throws(PricingError) in try Currency(text) }
    }

    package func exchangeRates(_ name: String) throws(QuestionError) -> [FXRate] {
        var rates: [FXRate] = []
        for text in texts(name) {
            let rate = try reading(name, text) { text throws(PricingError) in
                try FXRate(parsing: text)
            }
            let isKnown = rates.contains {
                Set([$0.base, $0.quote]) == Set([rate.base, rate.quote])
            }
            guard !isKnown else {
                throw .invalid(
                    field: spelled(name),
                    problem: "two rates between \(rate.base.code) and \(rate.quote.code)")
            }
            rates.append(rate)
        }
        return rates
    }

    /// An RFC 3339 time, or a date, which is its first moment in `zone`.
    package func time(
        _ name: String, zone: String, zones: any TimeZoneRules
    ) throws(QuestionError) -> Timestamp? {
        try parsed(name) { text throws(PricingError) in
            if let moment = Timestamp.parse(text.utf8) { return moment }
            guard let date = CivilDate.parse(text.utf8) else {
                throw .malformed(
                    what: "time", text: text,
                    wanted:
                        "a date such as 2026-10-01 or an RFC 3339 time such as 2026-10-01T16:30:00Z"
                )
            }
            return try zones.startOfDay(date, in: zone)
        }
    }

    /// `key=value` pairs of a repeated name.
    package func pairs(_ name: String) throws(QuestionError) -> [(key: String, value: String)] {
        var pairs: [(key: String, value: String)] = []
        for text in texts(name) {
            let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, !halves[0].isEmpty, !halves[1].isEmpty else {
                throw .invalid(field: spelled(name), problem: "\(quoted(text)) is not NAME=VALUE")
            }
            pairs.append((String(halves[0]), String(halves[1])))
        }
        return pairs
    }

    package func parsed<T>(
        _ name: String, _ body: (String) throws(PricingError) -> T
    ) throws(QuestionError) -> T? {
        guard let text = try text(name) else { return nil }
        return try reading(name, text, body)
    }

    func reading<T>(
        _ name: String, _ text: String, _ body: (String) throws(PricingError) -> T
    ) throws(QuestionError) -> T {
        do {
            return try body(text)
        } catch {
            throw .invalid(field: spelled(name), problem: error.description)
        }
    }

    /// Throws for a name outside `known`, with the nearest one.
    package func refuseUnknown(_ known: [String]) throws(QuestionError) {
        for name in values.keys.sorted() where !known.contains(name) {
            let nearest = NearestNames.find(name, among: known, limit: 1).map(spelled)
            let hint = nearest.map { "; nearest: \($0)" }.joined()
            throw .invalid(field: spelled(name), problem: "no such field\(hint)")
        }
    }
}

/// A question that cannot be understood: wrong use, whatever the rate tables say.
package enum QuestionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `wanted`: in words, where one of several fields would do.
    case missing(field: String, wanted: String? = nil)
    case invalid(field: String, problem: String)

    /// A member of a JSON body may have a name of no letters, which is not seen unquoted.
    package var field: String {
        switch self {
        case .missing(let field, _), .invalid(let field, _): field.isEmpty ? quoted(field) : field
        }
    }

    package var description: String {
        switch self {
        case .missing(_, let wanted): "missing \(wanted ?? field)"
        case .invalid(_, let problem): "\(field): \(problem)"
        }
    }
}
