/** Names for the bodies of the server's answers. */

import type { components } from "../../generated/schema";

type Schemas = components["schemas"];
export type Experiment = Schemas["Experiment"];
export type Run = Schemas["RunBody"];
export type RunStatus = Schemas["RunStatus"];
export type FileInfo = Schemas["FileInfo"];
export type RegisteredModel = Schemas["RegisteredModel"];
export type ModelVersion = Schemas["ModelVersion"];
export type RunKey = Schemas["RunKeyBody"];
export type RunRows = Schemas["RunRowsBody"];
export type RunGroupBody = Schemas["RunGroupBody"];
export type Figures = Schemas["FiguresBody"];
export type RunsChange = Schemas["RunsChange"];
export type SavedView = Schemas["SavedView"];
export type DatasetVersion = Schemas["DatasetVersion"];
export type NamedDataset = Schemas["NamedDataset"];
