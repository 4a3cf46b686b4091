/** Where something came from and what was made of it, as a part of its page; fetched when it is looked at, since a graph is heavy. */

import { Link } from "@tanstack/react-router";
import { Lineage } from "./lineage";

export default function LineagePart({ uri }: { uri: string }) {
  return (
    <div className="lineage-part">
      <Lineage uri={uri} />
      <Link to="/lineage" search={{ uri }} className="button">
        Open on its own page
      </Link>
    </div>
  );
}
