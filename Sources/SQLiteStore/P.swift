import GRDB
package func r() throws { _ = try DatabaseQueue() }
