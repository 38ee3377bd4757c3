import Value from "typebox/value";
import { ExampleError } from "../errors.ts";
import { type LoopReport, LoopReportSchema } from "./loop-report.ts";

/**
 * Writes a report as indented JSON with a final newline.
 * @throws {ExampleError} `report-malformed` naming the first value that is not a finite number or otherwise breaks the schema
 */
export function reportJson(report: LoopReport): string {
  const [first] = Value.Errors(LoopReportSchema, report);
  if (first !== undefined)
    throw new ExampleError(
      "report-malformed",
      `Expected a measured value at ${first.instancePath || "/"} of the report, but it ${first.message}; measure it or say null.`,
    );
  return `${JSON.stringify(report, null, 2)}\n`;
}
