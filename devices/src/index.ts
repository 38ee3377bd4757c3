export { BytesSchema, type Context, ContextSchema, VectorSchema } from "./bytes.ts";
export { decodeCbor, encodeCbor } from "./cbor.ts";
export { DevicesError, type DevicesErrorCode } from "./errors.ts";
export { type Figure, FigureSchema } from "./figure.ts";
export { type FitCard, FitCardSchema, type Latency, LatencySchema, type Machine, MachineSchema } from "./fit-card.ts";
export { DigestSchema, EpochSchema, IdentifierSchema, isIdentifier, requireIdentifier } from "./identifiers.ts";
export { decodeEnrolmentCode, type Enrolment, encodeEnrolmentCode } from "./identity/enrolment-code.ts";
export {
  decodeKeyPair,
  decodePublicKey,
  encodePrivateKey,
  encodePublicKey,
  generateKeyPair,
  type KeyPair,
} from "./identity/keys.ts";
export { isLane, type Lane, LaneSchema, lanes } from "./lanes.ts";
export { decodeMessage, encodeMessage, type Message, type MessageKind } from "./messages/codec.ts";
export {
  type GapBody,
  GapBodySchema,
  type HalvingBody,
  HalvingBodySchema,
  type OutcomeBody,
  OutcomeBodySchema,
  type ReleaseEventBody,
  ReleaseEventBodySchema,
} from "./messages/control.ts";
export {
  type Command,
  CommandSchema,
  type DesiredState,
  DesiredStateSchema,
  type Receipt,
  ReceiptSchema,
  type Signed,
  SignedSchema,
} from "./messages/downlink.ts";
export {
  type RecordKind,
  RecordKindSchema,
  type UplinkEnvelope,
  UplinkEnvelopeSchema,
  uplinkMessageBytes,
  type WireRecord,
  WireRecordSchema,
} from "./messages/envelope.ts";
export { type Inventory, InventorySchema } from "./messages/inventory.ts";
export {
  type Answers,
  AnswersSchema,
  type HeadAnswer,
  HeadAnswerSchema,
  type PredictionsBody,
  PredictionsBodySchema,
} from "./messages/prediction.ts";
export {
  inlineImageBytes,
  type Reason,
  ReasonSchema,
  type SampleBody,
  SampleBodySchema,
} from "./messages/sample.ts";
export { confidenceBins, latencyBins, lumaBins, type SketchBody, SketchBodySchema } from "./messages/sketch.ts";
export { detectProfile, profileNamed, profiles } from "./profiles/detect.ts";
export {
  type EngineChoice,
  EngineChoiceSchema,
  processorEngines,
  type TargetFamily,
  targetFamily,
} from "./profiles/engine-choice.ts";
export type { MachineFacts, Profile } from "./profiles/profile.ts";
export { type SignedFileName, signedFiles } from "./release/bundle-files.ts";
export { canonicalBytes, digestOf } from "./release/canonical.ts";
export { type GoldenSet, GoldenSetSchema } from "./release/golden.ts";
export {
  type BlobReference,
  BlobReferenceSchema,
  type Component,
  ComponentSchema,
  type PreprocessSpec,
  PreprocessSpecSchema,
  type ReleaseManifest,
  ReleaseManifestSchema,
  type Rule,
  RuleSchema,
  type SamplingPolicy,
  SamplingPolicySchema,
  type Step,
  StepSchema,
} from "./release/manifest.ts";
export {
  type Refusal,
  signDesiredState,
  signReceipt,
  signRelease,
  type Verified,
  verifyDesiredState,
  verifyReceipt,
  verifyRelease,
} from "./release/signing.ts";
export { type Moments, mergeMoments, observeMoments } from "./sketches/moments.ts";
export { createSketch, mergeSketches, observeDrop, observeError, observeFrame } from "./sketches/sketch.ts";
export {
  type DownlinkChannel,
  downlinkTopic,
  parseTopic,
  type Topic,
  type UplinkChannel,
  uplinkTopic,
} from "./topics.ts";
