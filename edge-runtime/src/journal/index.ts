export { JournalError, type JournalErrorCode } from "./errors.ts";
export type {
  EncodeGap,
  Gap,
  Journal,
  JournalOptions,
  JournalRecord,
  LaneOptions,
  LaneStats,
  NewRecord,
  RecoveryReport,
  SyncPolicy,
} from "./journal.ts";
export type { JournalFile, JournalFs } from "./journal-fs.ts";
export { type JournalFigure, measureJournal } from "./measure-journal.ts";
export { openJournal } from "./open-journal.ts";
