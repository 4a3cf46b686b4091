/** The pieces that most pages use. */
export { CopyButton, CopyId, Snippet } from "./copy";
export { Boundary, Empty, Failure, SkeletonRows, useNow } from "./feedback";
