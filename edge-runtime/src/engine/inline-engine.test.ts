import { engineContract } from "./engine-contract.ts";
import { startInlineEngine } from "./inline-engine.ts";

engineContract("the inline engine", () => startInlineEngine());
