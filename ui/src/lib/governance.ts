/** Targets, rules and events of the registry in words. */

import type { ApprovalRule, RegistryEvent } from "../api/governance";

/** `stage:Production` as "Production", `alias:champion` as "@champion". */
export function targetText(target: string): string {
  const at = target.indexOf(":");
  const [kind, name] = [target.slice(0, at), target.slice(at + 1)];
  return kind === "alias" ? `@${name}` : name;
}

/** The rule that holds for a target: the model's own before one for all. */
export function ruleFor(rules: readonly ApprovalRule[], name: string, target: string): ApprovalRule | undefined {
  const meant = rules.filter((rule) => rule.target.toLowerCase() === target.toLowerCase());
  return meant.find((rule) => rule.model === name) ?? meant.find((rule) => rule.model === "");
}

/** What a rule asks for: "2 approvals of ada or bob, and that accuracy has passed". */
export function ruleText({ approvers, who, checks, allow_own: own }: ApprovalRule): string {
  const people = who.length > 0 ? ` of ${listed(who, "or")}` : own ? "" : " of others than who asks";
  const parts = approvers > 0 ? [`${approvers === 1 ? "an approval" : `${approvers} approvals`}${people}`] : [];
  if (checks.length > 0) parts.push(`that ${listed(checks, "and")} ${checks.length === 1 ? "has" : "have"} passed`);
  return parts.join(", and ") || "nothing";
}

/** What a promotion waits for, as a sentence. */
export function waitText(missing: readonly string[]): string {
  return `It waits for ${missing.join("; ").replace(/\.$/, "")}.`;
}

/** Names as a field holds them: between commas, since names have blanks. */
export function namesIn(text: string): string[] {
  return [...new Set(text.split(/[,\n]/).map((name) => name.trim()).filter(Boolean))];
}

export function listed(words: readonly string[], last: string): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}

/** Values may be long; the page of what was changed shows all of them. */
const LONGEST = 120;
const short = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
const version = (number: number) => (number > 0 ? `v${number}` : "");
const called = (text: string) => (/^\d+$/.test(text) ? `v${text}` : text);

const SAID: Record<string, (event: RegistryEvent) => string> = {
  "alias.set": ({ target, before, after }) =>
    before ? `moved ${targetText(target)} from ${called(before)} to ${called(after)}` : `set ${targetText(target)} on ${called(after)}`,
  "alias.deleted": ({ target, before }) => `removed ${targetText(target)}${before ? `, which was ${called(before)}` : ""}`,
  "check.recorded": (event) => `recorded the check ${event.target} of ${version(event.version)}: ${event.after}`,
  "model.brought": () => "brought the model over",
  "model.created": () => "made the model",
  "model.deleted": () => "deleted the model",
  "model.described": () => "described the model",
  "model.renamed": ({ before, after }) => `renamed the model from ${before} to ${after}`,
  "model.tag_deleted": ({ target }) => `removed the tag ${target}`,
  "model.tag_set": ({ target, after }) => `set the tag ${target} to ${short(after)}`,
  "note.added": (event) => `remarked on ${version(event.version)}`,
  "promotion.approved": (event) => `approved ${version(event.version)} for ${targetText(event.target)}`,
  "promotion.done": (event) =>
    `promoted ${version(event.version)} to ${targetText(event.target)}${called(event.before) ? ` in place of ${called(event.before)}` : ""}`,
  "promotion.rejected": (event) => `rejected ${version(event.version)} for ${targetText(event.target)}`,
  "promotion.requested": (event) => `asked to promote ${version(event.version)} to ${targetText(event.target)}`,
  "promotion.withdrawn": (event) => `withdrew ${version(event.version)} from ${targetText(event.target)}`,
  rolled_back: (event) =>
    `rolled ${targetText(event.target)} back${event.before ? ` from ${called(event.before)}` : ""} to ${version(event.version)}`,
  "rule.removed": ({ target }) => `removed the rule for ${targetText(target)}`,
  "rule.set": ({ target }) => `set a rule for ${targetText(target)}`,
  "version.brought": (event) => `brought ${version(event.version)} over`,
  "version.created": (event) => `registered ${version(event.version)}`,
  "version.deleted": (event) => `deleted ${version(event.version)}`,
  "version.described": (event) => `described ${version(event.version)}`,
  "version.stage": (event) => `moved ${version(event.version)} from ${event.before || "no stage"} to ${event.after || "no stage"}`,
  "version.tag_deleted": (event) => `removed the tag ${event.target} of ${version(event.version)}`,
  "version.tag_set": (event) => `set the tag ${event.target} of ${version(event.version)} to ${short(event.after)}`,
};

/** What somebody did, for a sentence that begins with who. */
export function eventText(event: RegistryEvent): string {
  const said = SAID[event.action];
  return said ? said(event) : `${event.action} ${version(event.version)} ${event.target}`.trim();
}
