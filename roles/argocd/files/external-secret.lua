-- SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
-- SPDX-License-Identifier: GPL-3.0-or-later

-- The health of an ExternalSecret. Argo CD's own takes a changed one for healthy until its operator has seen the change: Ready is still of before. Here it
-- counts if the operator has synced this generation.
local status, spec = obj.status or {}, obj.spec or {}
-- It is "<generation>-<digest>". There is no library for strings; "." is the character after "-".
local generation, synced = tostring(obj.metadata.generation), status.syncedResourceVersion or ""
local is_seen = synced >= generation .. "-" and synced < generation .. "."
local periodic = spec.refreshPolicy == nil or spec.refreshPolicy == "Periodic"
local once = spec.refreshPolicy == "CreatedOnce" or (periodic and (spec.refreshInterval == "0" or spec.refreshInterval == "0s"))
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Ready" and condition.status == "False" then
    return {status = "Degraded", message = condition.message}
  end
  if condition.type == "Ready" and condition.status == "True" and (is_seen or once) then
    return {status = "Healthy", message = condition.message}
  end
end
return {status = "Progressing", message = "Waiting for ExternalSecret"}
