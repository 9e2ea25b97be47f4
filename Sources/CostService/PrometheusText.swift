import Accounting

/// Metrics in Prometheus' text format
/// (<https://prometheus.io/docs/instrumenting/exposition_formats/>, checked 2026-11-23).
enum PrometheusText {
    static func render(_ metrics: [Metric]) -> String {
        var text = ""
        for metric in metrics {
            text +=
                "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"
            for sample in metric.samples {
                let labels = sample.labels.map { "\($0)=\"\(escaped($1))\"" }
                text += metric.name + sample.suffix
                if !labels.isEmpty { text += "{\(labels.joined(separator: ","))}" }
                text += " \(sample.value)\n"
            }
        }
        return text
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
            "\n", with: "\\n")
    }
}
