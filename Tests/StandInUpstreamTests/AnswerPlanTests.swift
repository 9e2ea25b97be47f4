import StandInUpstream
import Testing

@Suite struct AnswerPlanTests {
    @Test func refusesWhatMeansNothing() {
        let refused = [
            "tokens=-1", "tokens=1e3", "tokens=10000001", "ttft=5", "ttft=-1s", "ttft=1h",
            "ttft=25000m", "ttft=.s", "rate=0", "rate=nan", "rate=inf", "text=latn", "usage=maybe",
            "fault=stall", "fault=429:", "fault=cut:x", "fault=", "speed=4", "tokens",
        ]
        for text in refused {
            #expect(throws: PlanError.self, "\(text)") { try AnswerPlan().changed(by: text) }
        }
    }

    @Test func readsEverySetting() throws {
        let plan = try AnswerPlan().changed(
            by: "tokens=7, ttft=1.5s,rate=max,text=cjk,seed=3,prompt-tokens=9,cached-tokens=2,"
                + "reasoning-tokens=1,usage=always,fault=429:2s,fault=cut:8")
        #expect(plan.tokens == 7)
        #expect(plan.timeToFirstToken == .milliseconds(1_500))
        #expect(plan.tokensPerSecond == nil)
        #expect(plan.script == .cjk)
        #expect(plan.seed == 3)
        #expect(plan.promptTokens == 9)
        #expect(plan.cachedTokens == 2)
        #expect(plan.reasoningTokens == 1)
        #expect(plan.usage == .always)
        #expect(plan.faults == [.rateLimited(retryAfterSeconds: 2), .cut(afterBytes: 8)])
    }

    @Test func aSeedRepeatsItsText() {
        for script in SyntheticText.Script.allCases {
            let text = SyntheticText.text(script, seed: 42, count: 500)
            #expect(text == SyntheticText.text(script, seed: 42, count: 500))
            #expect(text != SyntheticText.text(script, seed: 43, count: 500))
        }
        #expect(SyntheticText.text(.latin, seed: 1, count: 300).utf8.contains { $0 > 0x7F })
        #expect(SyntheticText.text(.cjk, seed: 1, count: 300).utf8.contains { $0 >= 0xE0 })
        #expect(SyntheticText.text(.mixed, seed: 1, count: 900).utf8.contains { $0 >= 0xF0 })
    }
}
