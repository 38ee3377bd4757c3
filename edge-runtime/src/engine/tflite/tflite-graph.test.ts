import { tfliteContractGraphs } from "../contract-cases.ts";
import { engineContract } from "../engine-contract.ts";
import { startEngineHost } from "../engine-host.ts";
import { startInlineEngine } from "../inline-engine.ts";

engineContract("the tflite engine host", () => startEngineHost({ engine: "tflite" }), tfliteContractGraphs);
engineContract("the inline tflite engine", () => startInlineEngine({ engine: "tflite" }), tfliteContractGraphs);
