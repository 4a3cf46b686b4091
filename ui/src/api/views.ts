/** What pages ask about saved views. */

import { queryOptions } from "@tanstack/react-query";
import api, { answer } from "./client";

/** Views of a page for an experiment, and those that fit all. */
export const viewsQuery = (experimentId: string, page: string) =>
  queryOptions({
    queryKey: ["views", experimentId, page],
    queryFn: async ({ signal }) => {
      const query = { experiment_id: experimentId, page };
      return (await answer(api.GET("/api/v1/views", { params: { query }, signal }))).views;
    },
    staleTime: 30_000,
    retry: false,
  });

interface NewView {
  experimentId: string;
  page: string;
  name: string;
  search: string;
  isDefault: boolean;
}

export const createView = ({ experimentId, page, name, search, isDefault }: NewView) =>
  answer(api.POST("/api/v1/views", { body: { experiment_id: experimentId, page, name, search, is_default: isDefault } }));

export const updateView = (viewId: string, body: { name?: string; search?: string; is_default?: boolean }) =>
  answer(api.PATCH("/api/v1/views/{view_id}", { params: { path: { view_id: viewId } }, body }));

export const deleteView = (viewId: string) =>
  answer(api.DELETE("/api/v1/views/{view_id}", { params: { path: { view_id: viewId } } }));
