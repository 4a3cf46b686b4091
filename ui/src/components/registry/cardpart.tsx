/** The model card of a version, written by the server from all that is known of it. */

import { useQuery } from "@tanstack/react-query";
import { cardQuery, cardUrl } from "../../api/governance";
import type { ModelVersion } from "../../api/types";
import { Failure, SkeletonRows } from "../feedback";
import { Markdown } from "../markdown";

export default function CardPart({ version }: { version: ModelVersion }) {
  const query = useQuery(cardQuery(version.name, version.version));
  if (query.isPending) return <SkeletonRows rows={10} />;
  if (query.isError) return <Failure what="The model card could not be written." error={query.error} retry={() => void query.refetch()} />;
  return (
    <div className="page" tabIndex={0}>
      <div className="model-card">
        <div className="buttons push">
          <a className="button" href={cardUrl(version.name, version.version, "html")} download={`${version.name}-v${version.version}.html`}>
            Save as HTML
          </a>
          <a className="button" href={cardUrl(version.name, version.version, "markdown")} download={`${version.name}-v${version.version}.md`}>
            Save as Markdown
          </a>
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
