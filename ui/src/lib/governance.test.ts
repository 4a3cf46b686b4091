import { describe, expect, it } from "vitest";
import type { ApprovalRule, RegistryEvent } from "../api/governance";
import { eventText, listed, namesIn, ruleFor, ruleText, targetText, waitText } from "./governance";

const rule = (part: Partial<ApprovalRule>): ApprovalRule => ({
  model: "", target: "stage:Production", approvers: 1, who: [], checks: [], allow_own: false, ...part,
});
const event = (part: Partial<RegistryEvent>): RegistryEvent => ({
  seq: 1, time: 0, user: "ada", action: "", name: "churn", version: 0, before: "", after: "", reason: "", target: "", ...part,
});

describe("targets", () => {
  it("are stages and aliases", () => {
    expect(targetText("alias:champion")).toBe("@champion");
    expect(targetText("stage:Production")).toBe("Production");
  });
});

describe("rules", () => {
  it("of the model itself come first", () => {
    const [all, own] = [rule({}), rule({ model: "churn", approvers: 2 })];
    expect(ruleFor([all, own], "churn", "stage:production")).toBe(own);
    expect(ruleFor([all, own], "other", "stage:Production")).toBe(all);
    expect(ruleFor([all, own], "churn", "alias:champion")).toBeUndefined();
  });

  it("say what they ask for", () => {
    expect(ruleText(rule({}))).toBe("an approval of others than who asks");
    expect(ruleText(rule({ approvers: 2, who: ["ada", "bob"], checks: ["accuracy"] }))).toBe("2 approvals of ada or bob, and that accuracy has passed");
    expect(ruleText(rule({ approvers: 0, checks: ["a", "b"] }))).toBe("that a and b have passed");
    expect(ruleText(rule({ approvers: 0 }))).toBe("nothing");
    expect(listed(["a", "b", "c"], "or")).toBe("a, b or c");
  });

  it("name people and checks between commas, blanks and all", () => {
    expect(namesIn(" Ada Lovelace, bob ,,bob\neve ")).toEqual(["Ada Lovelace", "bob", "eve"]);
    expect(waitText(["an approval", "the check 'gate', which failed: too low."])).toBe("It waits for an approval; the check 'gate', which failed: too low.");
  });
});

describe("events", () => {
  it("are said in words", () => {
    expect(eventText(event({ action: "alias.set", target: "alias:champion", before: "3", after: "4" }))).toBe("moved @champion from v3 to v4");
    expect(eventText(event({ action: "version.stage", version: 4, before: "None", after: "Production" }))).toBe("moved v4 from None to Production");
    expect(eventText(event({ action: "rolled_back", version: 3, target: "alias:champion", before: "4" }))).toBe("rolled @champion back from v4 to v3");
  });

  it("do not repeat long values", () => {
    expect(eventText(event({ action: "model.tag_set", target: "notes", after: "x".repeat(5000) })).length).toBeLessThan(200);
  });

  it("that are not known are still told", () => {
    expect(eventText(event({ action: "version.signed", version: 2 }))).toBe("version.signed v2");
  });
});
