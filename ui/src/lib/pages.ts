/** The pages of the sidebar, and the second key of "g" that goes there. */

export const PAGES = [
  { to: "/", label: "Overview", key: "o", icon: "home" },
  { to: "/experiments", label: "Experiments", key: "e", icon: "flask" },
  { to: "/models", label: "Models", key: "m", icon: "model" },
  { to: "/data", label: "Data", key: "d", icon: "data" },
  { to: "/pipelines", label: "Pipelines", key: "p", icon: "pipeline" },
  { to: "/lineage", label: "Lineage", key: "l", icon: "lineage" },
  { to: "/deployments", label: "Deployments", key: "y", icon: "deploy" },
  { to: "/monitoring", label: "Monitoring", key: "w", icon: "pulse" },
  { to: "/audit", label: "Audit log", key: "a", icon: "audit" },
  { to: "/settings", label: "Settings", key: "s", icon: "settings" },
] as const;
