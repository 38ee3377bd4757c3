import assert from "node:assert/strict";
import test from "node:test";
import { stripVTControlCharacters } from "node:util";
import { captureTerminal } from "./captured-terminal.fixture.ts";
import { tellStory } from "./story-printer.ts";

const escapeCode = "\u001b";

test("a step is one line with number, title, figures and seconds, in 80 columns", async () => {
  const { terminal, text, advance } = captureTerminal(false);
  const story = tellStory(terminal);
  const result = await story.step("Bootstrap", async () => {
    advance(21_400);
    return { result: 7, figures: ["old 95.1 % [93.0, 97.0] n=600", "loss 0.12"] };
  });
  assert.equal(result, 7);
  const line = " 1  Bootstrap     old 95.1 % [93.0, 97.0] n=600 · loss 0.12               21.4 s\n";
  assert.equal(text(), line);
  assert.equal(line.trimEnd().length, 80);
  assert.deepEqual(story.steps, [
    { number: 1, title: "Bootstrap", figures: ["old 95.1 % [93.0, 97.0] n=600", "loss 0.12"], seconds: 21.4 },
  ]);
});

test("figures that do not fit one line go on under each other", async () => {
  const { terminal, text } = captureTerminal(false);
  const figures = ["fp32 95.1 % [93.0, 97.0] n=600", "int8 94.9 % [92.8, 96.8] n=600", "0.28× the size"];
  await tellStory(terminal).step("Compile", async () => ({ result: 0, figures }));
  const lines = text().trimEnd().split("\n");
  assert.ok(lines.every((line) => line.length <= 80));
  assert.equal(lines.length, 2);
  assert.equal(lines[1], `${" ".repeat(18)}int8 94.9 % [92.8, 96.8] n=600 · 0.28× the size`);
});

test("a figure that is a whole sentence is broken between words", async () => {
  const { terminal, text } = captureTerminal(false);
  const sentence =
    "✓ On 97 audited samples (81 tracks) the candidate is +20.6 (+7.9 to +32.3) points from the incumbent.";
  await tellStory(terminal).step("Gate", async () => ({ result: 0, figures: ["v2 learnt", sentence, "done"] }));
  const lines = text().trimEnd().split("\n");
  assert.ok(lines.every((line) => line.length <= 80));
  assert.match(lines[0] ?? "", /^ 1 {2}Gate +v2 learnt +0\.0 s$/);
  assert.match(lines[2] ?? "", /^ {20}\S/);
});

test("a plain stream gets no escape codes and a progress line every ten seconds", async () => {
  const { terminal, text, advance } = captureTerminal(false);
  const story = tellStory(terminal);
  story.heading("fieldloop", "road signs");
  await story.step("Bootstrap", async (progress) => {
    for (let done = 1; done <= 25; done++) {
      advance(1000);
      progress.show(done, 25, "loss 0.4");
    }
    return { result: 0, figures: [] };
  });
  story.note("as expected");
  story.table(["Field", "  v1  64.1 %"]);
  assert.ok(!text().includes(escapeCode));
  assert.equal(text().match(/… \d+ of 25 loss 0\.4\n/g)?.length, 2);
});

test("NO_COLOR makes a terminal plain", async () => {
  const { terminal, text } = captureTerminal(true, { NO_COLOR: "1" });
  await tellStory(terminal).step("Bootstrap", async (progress) => {
    progress.show(1, 2);
    return { result: 0, figures: ["done"] };
  });
  assert.ok(!text().includes(escapeCode));
});

test("a terminal gets a bar, which is gone when the step's line comes", async () => {
  const { terminal, text } = captureTerminal(true);
  await tellStory(terminal).step("Bootstrap", async (progress) => {
    progress.show(300, 600, "loss 0.4");
    return { result: 0, figures: ["old 95.1 %"] };
  });
  assert.match(stripVTControlCharacters(text()), /1 {2}Bootstrap {5}█*░* 0\/600|300\/600/);
  const lastLine = text().slice(text().lastIndexOf("\u001b[0K") + 4);
  assert.match(stripVTControlCharacters(lastLine), /1 {2}Bootstrap +old 95\.1 % +0\.0 s\n$/);
});

test("a failing step says so and passes its error on", async () => {
  const { terminal, text, advance } = captureTerminal(false);
  const failing = tellStory(terminal).step("Release", async () => {
    advance(3000);
    throw Object.assign(new Error("no"), { code: "refused" });
  });
  await assert.rejects(failing, { code: "refused" });
  assert.match(text(), /1 {2}Release +failed after 3\.0 s/);
});
