/** The model card of a version, written by the server from all that is known of it. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type CardFormat, cardQuery } from "../../api/governance";
import type { ModelVersion } from "../../api/types";
import { messageOf } from "../../lib/edits";
import { notify } from "../../lib/notices";
import { saveFile } from "../../lib/saving";
import { Failure, SkeletonRows } from "../feedback";
import { Markdown } from "../markdown";

export default function CardPart({ version }: { version: ModelVersion }) {
  const query = useQuery(cardQuery(version.name, version.version));
  const queries = useQueryClient();
  if (query.isPending) return <SkeletonRows rows={10} />;
  if (query.isError) return <Failure what="The model card could not be written." error={query.error} retry={() => void query.refetch()} />;
  const save = (format: CardFormat, ending: string, kind: string) =>
    queries
      .fetchQuery(cardQuery(version.name, version.version, format))
      .then((text) => saveFile(new Blob([text], { type: kind }), `${version.name}-v${version.version}.${ending}`))
      .catch((error: unknown) => notify({ kind: "failed", text: messageOf(error) }));
  return (
    <div className="page" tabIndex={0}>
      <div className="model-card">
        <div className="buttons">
          <button type="button" className="button" onClick={() => void save("html", "html", "text/html")}>
            Save as HTML
          </button>
          <button type="button" className="button" onClick={() => void save("markdown", "md", "text/markdown")}>
            Save as Markdown
          </button>
        </div>
        <Markdown text={withoutFrontMatter(query.data)} label={`Model card of ${version.name} v${version.version}`} />
      </div>
    </div>
  );
}

/** Between two lines of dashes at the top stands what programs read. */
function withoutFrontMatter(text: string): string {
  return text.replace(/^---\n[\s\S]*?\n---\n/, "");
}
