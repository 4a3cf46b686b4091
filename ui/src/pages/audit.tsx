/** Who changed what in the registry. Changes to experiments, runs and settings are not recorded yet, and the page says so. */

import { Link } from "@tanstack/react-router";
import { Snippet } from "../components";
import { Card } from "../components/card";
import { TopBar } from "../components/frame";
import { HistoryCard } from "../components/registry/history";
import { WaitingCard } from "../components/registry/promotions";
import "../styles/plain.css";
import "../styles/registry.css";
import "../styles/run.css";

export function AuditPage() {
  return (
    <>
      <TopBar>
        <h1>Audit log</h1>
      </TopBar>
      <div className="page two-columns" tabIndex={0}>
        <div className="column">
          <WaitingCard name="" />
          <HistoryCard name="" />
        </div>
        <div className="column">
          <Card title="What is recorded">
            <div className="stack pad">
              <p>
                Every change of a registered model, its versions, stages, aliases, tags, rules and promotions: who made it, when, what
                stood there before, and why. It is written in the same transaction as the change itself.
              </p>
              <p className="muted">
                Changes to experiments, runs and settings are not recorded yet, and nobody proves who he is. Runs say who made them, and
                deleted ones are kept until <code>treering gc</code> removes them. To hear of changes, make a{" "}
                <Link to="/settings" className="link">
                  webhook
                </Link>
                .
              </p>
              <Snippet
                label="Shell"
                code={`export TREERING_TRACKING_URI=${location.origin}\ntreering registry history --json`}
              />
            </div>
          </Card>
        </div>
      </div>
    </>
  );
}
