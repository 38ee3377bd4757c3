import assert from "node:assert/strict";
import { test } from "node:test";
import * as door from "./index.ts";

test("the door offers exactly these names", () => {
  assert.deepEqual(Object.keys(door).sort(), [
    "HubError",
    "RecipeSchema",
    "createHubClient",
    "hubVersion",
    "runTrainingJob",
    "startHub",
  ]);
});
