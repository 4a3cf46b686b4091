/** A file's text, or what stands in its place until it is there. */

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { fileDecodedQuery } from "../../api/artifacts";
import type { Decoded } from "../../lib/bytes";
import { formatBytes } from "../../lib/format";
import { Failure, SkeletonRows } from "../feedback";

export interface FileProps {
  uri: string;
  path: string;
  size: number;
}

/** Text that is read whole, for what cannot be shown in parts. */
export const MOST_WHOLE = 8_000_000;

export function Whole({ uri, path, size, children }: FileProps & { children: (decoded: Decoded) => ReactNode }) {
  const query = useQuery({ ...fileDecodedQuery(uri, path), enabled: size <= MOST_WHOLE });
  if (size > MOST_WHOLE) {
    return (
      <p className="muted pad">
        {formatBytes(size)} are too much to show in this way. Look at the file as text, or download it.
      </p>
    );
  }
  if (query.isPending) return <SkeletonRows rows={8} height={24} />;
  if (query.isError) return <Failure what="The file could not be read." error={query.error} retry={() => void query.refetch()} />;
  return children(query.data);
}
