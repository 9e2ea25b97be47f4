/// What a service may take of time and memory.
package struct ServiceLimits: Hashable, Sendable {
    package var connectMilliseconds: Int64 = 5_000
    /// From the start of a request to the last byte of its answer.
    package var requestMilliseconds: Int64 = 20_000
    package var maximumBodyBytes = 1 << 20

    package init() {}
}
