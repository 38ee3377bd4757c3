import assert from "node:assert/strict";
import { test } from "node:test";
import { HubAnswerError } from "../../../api/hub-answer.ts";
import { deliveryOf } from "./delivery.ts";

const answer = (path: string, status: number, code = "x") =>
  deliveryOf(new HubAnswerError(code, "why", status), { path }).kind;

test("only a refusal of the letter itself ends it", () => {
  assert.equal(answer("/v1/labels", 0, "unreachable"), "later");
  assert.equal(answer("/v1/labels", 503), "later");
  assert.equal(answer("/v1/labels", 507), "later");
  assert.equal(answer("/v1/labels", 401), "signed-out");
  assert.equal(answer("/v1/labels", 404, "not-found"), "refused");
  assert.equal(answer("/v1/labels", 409, "label-conflict"), "refused");
  assert.equal(deliveryOf(new Error("aborted"), { path: "/v1/labels" }).kind, "later");
});

test("taking back what is not there, or is no longer one's own, is done already", () => {
  assert.equal(answer("/v1/labels/undo", 404, "not-found"), "stored");
  assert.equal(answer("/v1/labels/undo", 409, "label-conflict"), "stored");
});
