import CostService
import Foundation
import JSONBytes
import Testing

/// The OpenAPI document, held against the service's own table of routes.
@Suite struct OpenAPITests {
    private let document: JSONValue

    init() throws {
        document = try JSONReader.value(
            of: try OpenAPIDocument.bytes(hasRelay: false), numbers: .decimal)
    }

    private func members(_ value: JSONValue?) -> [(key: String, value: JSONValue)] {
        guard case .object(let object)? = value else { return [] }
        return object.members.map { ($0.key, $0.value) }
    }

    @Test func hasEveryRouteAndNoOther() {
        let routes = AnswerRoute.all.map { "/api/v1/" + $0.path }
        let others = [
            "/api/v1/events", "/api/v1/inspect", "/healthz", "/readyz", "/metrics",
            "/openapi.json",
        ]
        #expect(Set(members(document["paths"]).map(\.key)) == Set(routes + others))
        #expect(Set(routes).count == routes.count)
    }

    @Test(arguments: AnswerRoute.all.map(\.path))
    func hasEveryNameOfARoute(path: String) throws {
        let route = try #require(AnswerRoute.all.first { $0.path == path })
        let item = try #require(document["paths"]?["/api/v1/" + path])
        let query = item["get"]?["parameters"]?.elements?.compactMap { $0["name"]?.textValue } ?? []
        #expect(query == (route.wantsFile ? [] : Set(route.names).sorted()))
        #expect(Set(members(item).map(\.key)) == (route.wantsFile ? ["post"] : ["get", "post"]))
        guard !route.hasOwnBody else { return }
        let body = item["post"]?["requestBody"]?["content"]?["application/json"]?["schema"]
        #expect(
            members(body?["properties"]).map(\.key)
                == (route.names + route.files + route.texts).sorted())
        let wanted = body?["required"]?.elements?.compactMap(\.textValue) ?? []
        #expect(wanted == (route.wantsFile ? route.texts : []))
    }

    /// Nothing that is referred to is missing: neither a schema nor a part of one.
    @Test func everyReferenceLeadsSomewhere() {
        var count = 0
        func check(_ value: JSONValue) {
            switch value {
            case .array(let elements): elements.forEach(check)
            case .object(let object):
                for member in object.members {
                    guard member.key == "$ref", let text = member.value.textValue else {
                        check(member.value)
                        continue
                    }
                    count += 1
                    var target: JSONValue? = document
                    for part in text.dropFirst(2).split(separator: "/") {
                        target = target?[String(part)]
                    }
                    #expect(text.hasPrefix("#/") && target != nil, "\(text)")
                }
            default: break
            }
        }
        check(document)
        #expect(count > 100)
    }

    /// What a program may refuse is named: every type of problem that the code can make.
    @Test func namesEveryProblem() throws {
        let types = document["components"]?["schemas"]?["problem"]?["properties"]?["type"]?["enum"]
        let known = Set(types?.elements?.compactMap(\.textValue) ?? [])
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Sources/CostService")
        let files = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil)
        var found: Set<String> = []
        for file in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /code: "([a-z_]+)"/) {
                found.insert("urn:tokenmeter:problem:\(match.1)")
            }
        }
        #expect(found.count > 10)
        #expect(found.subtracting(known) == [])
    }
}
