import Pricing

/// How long a vendor wants to be left alone.
package enum RetryAfter {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Milliseconds from `now` on, by `retry-after-ms`, which OpenAI and Azure send, or by
    /// `Retry-After`: seconds or a date (<https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>,
    /// checked 2026-11-23). `nil` for whatever else; never below zero.
    package static func milliseconds(
        _ header: String?, exactly: String? = nil, now: Timestamp?
    ) -> Int64? {
        if let exactly, let count = whole(exactly) { return count }
        guard let header else { return nil }
        if let seconds = whole(header) {
            let (milliseconds, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000)
            return isTooLong ? Int64.max : milliseconds
        }
        guard let now, let date = date(header) else { return nil }
        return max(date.milliseconds - now.milliseconds, 0)
    }

    /// The same off the headers of an answer, by their names.
    package static func milliseconds(
        now: Timestamp?, _ header: (String) -> String?
    ) -> Int64? {
        milliseconds(header("retry-after"), exactly: header("retry-after-ms"), now: now)
    }

    private static func whole(_ text: String) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text) ?? Int64.max
    }

    /// `Fri, 31 Dec 1999 23:59:59 GMT`, the one form that is still sent.
    static func date(_ text: String) -> Timestamp? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT",
            let month = months.firstIndex(of: String(words[2])),
            let year = Int(words[3]), let day = Int(words[1]),
            let date = CivilDate(year: year, month: month + 1, day: day)
        else { return nil }
        return Timestamp.parse("\(date.text)T\(words[4])Z".utf8)
    }
}
