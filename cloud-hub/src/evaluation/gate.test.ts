import assert from "node:assert/strict";
import { test } from "node:test";
import { betterOnAudited, notWorseOnOld } from "./gate.ts";

test("better on audited needs the whole interval above zero", () => {
  assert.ok(betterOnAudited({ samples: 90, figure: { value: 0.1, low: 0.02, high: 0.18, n: 60 } }).passed);
  const unsure = betterOnAudited({ samples: 90, figure: { value: 0.1, low: -0.01, high: 0.2, n: 60 } });
  assert.ok(!unsure.passed);
  assert.match(
    unsure.sentence,
    /On 90 audited samples \(60 tracks\).*\+10\.0 \(−1\.0 to \+20\.0\) points.*does not lie above 0/,
  );
});

test("not worse on old allows one point", () => {
  const figure = (value: number) => ({ value, low: value - 0.02, high: value + 0.02, n: 40 });
  assert.ok(notWorseOnOld({ samples: 300, figure: figure(-0.01) }).passed);
  assert.ok(!notWorseOnOld({ samples: 300, figure: figure(-0.011) }).passed);
});

test("a rule without samples fails and says what to do", () => {
  const rule = betterOnAudited({ samples: 0, figure: null });
  assert.ok(!rule.passed);
  assert.match(rule.sentence, /answer the audit queue first/);
});
