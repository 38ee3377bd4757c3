import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesText, countText, durationText, shortNumber, valueText } from "./format-amount.ts";
import { clockText, momentText, relativeText, zoneText } from "./format-time.ts";

const at = Date.UTC(2026, 10, 25, 13, 3, 12);

test("a time is never without its zone", () => {
  assert.equal(clockText(at, "Europe/Berlin"), "14:03:12 (UTC+1)");
  assert.equal(clockText(at, "UTC"), "13:03:12 (UTC)");
  assert.equal(zoneText(at, "America/St_Johns"), "UTC−3:30");
  assert.equal(momentText(at, "Europe/Berlin"), "25 Nov 2026, 14:03:12 (UTC+1)");
});

test("a moment is told from now in both directions", () => {
  assert.equal(relativeText(at, at + 1500), "just now");
  assert.equal(relativeText(at, at + 12_400), "12 s ago");
  assert.equal(relativeText(at, at + 3 * 3_600_000), "3 h ago");
  assert.equal(relativeText(at, at - 300_000), "in 5 min");
});

test("numbers keep three figures that matter and a real minus", () => {
  assert.deepEqual([0.1234, 12.34, 1234.5, -0.5, 0, Number.NaN].map(shortNumber), [
    "0.123",
    "12.3",
    "1235",
    "−0.5",
    "0",
    "–",
  ]);
  assert.equal(countText(1_234_567), "1\u202f234\u202f567");
});

test("bytes and durations change their unit where a person would", () => {
  assert.deepEqual([999, 1000, 1_230_000, 999_900_000].map(bytesText), ["999 B", "1 KB", "1.23 MB", "1 GB"]);
  assert.deepEqual([0.85, 12.34, 4200, 200_000, 7_500_000, 273_600_000].map(durationText), [
    "850 µs",
    "12.3 ms",
    "4.2 s",
    "3 min 20 s",
    "2 h 5 min",
    "3 d 4 h",
  ]);
});

test("a value is written in its unit", () => {
  assert.equal(valueText(0.0123, "share"), "1.23 %");
  assert.equal(valueText(1500, "us"), "1.5 ms");
  assert.equal(valueText(1.5, "per hour"), "1.5 per hour");
});
