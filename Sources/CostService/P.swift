import Hummingbird
package func s() { _ = Router() }
