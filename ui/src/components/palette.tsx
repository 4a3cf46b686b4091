/** Ctrl-K: go to an experiment, a run or a model by a part of its name. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useDeferredValue, useEffect, useRef, useState } from "react";
import api, { answer } from "../api/client";
import { experimentsQuery, modelsQuery } from "../api/queries";
import { quote } from "../lib/grammar";

interface Place {
  id: string;
  name: string;
  kind: string;
  go: () => void;
}

export function Palette({ close }: { close: () => void }) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  const places = usePlaces(useDeferredValue(text.trim()));
  const at = Math.min(chosen, places.length - 1);

  // With braces: newer browsers answer a scroll with a promise, which React would take for a clean-up.
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  useEffect(() => {
    document.getElementById(`place-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const open = (place: Place | undefined) => {
    if (!place) return;
    close();
    place.go();
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setChosen(Math.min(places.length - 1, at + 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(0, at - 1));
    else if (event.key === "Enter") open(places[at]);
    else return;
    event.preventDefault();
  };

  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Search"
      onClose={close}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <input
        autoFocus
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="places"
        aria-activedescendant={places.length ? `place-${at}` : undefined}
        aria-label="Search experiments, runs and models"
        placeholder="Go to an experiment, a run or a model"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={keys}
      />
      <div id="places" role="listbox" aria-label="Results" hidden={places.length === 0}>
        {places.map((place, index) => (
          <div
            key={place.id}
            id={`place-${index}`}
            role="option"
            aria-selected={index === at}
            onClick={() => open(place)}
            onPointerMove={() => setChosen(index)}
          >
            <span className="ellipsis">{place.name}</span>
            <span className="muted">{place.kind}</span>
          </div>
        ))}
      </div>
      {places.length === 0 && (
        <p className="none" role="status">
          Nothing has this name.
        </p>
      )}
    </dialog>
  );
}

function usePlaces(text: string): Place[] {
  const navigate = useNavigate();
  const experiments = useQuery(experimentsQuery(text));
  const everything = useQuery(experimentsQuery(""));
  const models = useQuery(modelsQuery(text));
  const experimentIds = everything.data?.experiments.map((experiment) => experiment.experiment_id) ?? [];
  const runs = useQuery({
    queryKey: ["runs-by-name", text, experimentIds],
    enabled: text.length > 0 && experimentIds.length > 0,
    queryFn: ({ signal }) => {
      const filter = `attributes.run_name ILIKE ${quote(`%${text}%`)}`;
      return answer(
        api.POST("/api/v1/runs/search", { body: { experiment_ids: experimentIds, filter, max_results: 8 }, signal }),
      );
    },
  });
  return [
    ...(experiments.data?.experiments ?? []).slice(0, 6).map((experiment) => ({
      id: `e-${experiment.experiment_id}`,
      name: experiment.name,
      kind: "Experiment",
      go: () =>
        void navigate({ to: "/experiments/$experimentId", params: { experimentId: experiment.experiment_id } }),
    })),
    ...(models.data?.models ?? []).slice(0, 6).map((model) => ({
      id: `m-${model.name}`,
      name: model.name,
      kind: "Model",
      go: () => void navigate({ to: "/models/$name", params: { name: model.name } }),
    })),
    ...(text ? (runs.data?.runs ?? []) : []).map((run) => ({
      id: `r-${run.run_id}`,
      name: run.run_name || run.run_id,
      kind: "Run",
      go: () => void navigate({ to: "/runs/$runId", params: { runId: run.run_id } }),
    })),
  ];
}
