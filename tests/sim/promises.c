/* SPDX-License-Identifier: Apache-2.0 */
#include "promises.h"

#include <stddef.h>

/* What must give no row, after each event. */
const char *const promises_always[] = {
	"SELECT 'an incident counts ' || firing || ' firing alerts, but there are others: ' || id"
	" FROM incident i WHERE status IN ('firing', 'mitigated') AND firing <>"
	" (SELECT count(*) FROM episode e WHERE e.incident_id = i.id AND e.status = 'firing')",
	"SELECT 'an incident is open, but nothing fires: ' || id FROM incident"
	" WHERE status IN ('firing', 'mitigated') AND firing = 0",
	"SELECT 'two open incidents of one group: ' || max(id) FROM incident"
	" WHERE status IN ('firing', 'mitigated') GROUP BY group_hash HAVING count(*) > 1",
	"SELECT 'two runs hold one lock: ' || max(id) FROM run"
	" WHERE (status IN ('running', 'verifying') OR (started_at IS NOT NULL"
	" AND status IN ('queued', 'awaiting_approval'))) AND lock IS NOT NULL"
	" GROUP BY lock HAVING count(*) > 1",
	"SELECT 'more runs than may go on' FROM run WHERE status IN ('running', 'verifying')"
	" GROUP BY 1 HAVING count(*) > 3",
	"SELECT 'more runs of a playbook than may go on' FROM run"
	" WHERE status IN ('running', 'verifying')"
	" AND playbook = 'guarded' GROUP BY 1 HAVING count(*) > 1",
	"SELECT 'one episode, two runs of a playbook: ' || episode_id FROM run"
	" WHERE trigger = 'alert'"
	" AND (status <> 'canceled' OR started_at IS NOT NULL OR cancel IS NOT NULL)"
	" GROUP BY episode_id, playbook HAVING count(*) > 1",
	"SELECT 'a run for what the run before it was for: ' || r.id FROM run r"
	" JOIN run b ON b.incident_id = r.incident_id AND b.generation = r.generation"
	" AND b.target = r.target AND b.id < r.id AND b.trigger = 'alert'"
	" WHERE r.trigger = 'alert' AND (b.finished_at IS NULL OR b.finished_at > r.queued_at)",
	"SELECT 'an incident fires, nothing is under way, and it does not say why: ' || id"
	" FROM incident i WHERE status = 'firing' AND attention IS NULL AND NOT EXISTS"
	" (SELECT 1 FROM run r WHERE r.incident_id = i.id AND r.finished_at IS NULL)"
	" AND NOT EXISTS (SELECT 1 FROM run_also a JOIN run r ON r.id = a.run_id"
	" WHERE a.incident_id = i.id AND r.finished_at IS NULL)",
	"SELECT 'a final run without an end: ' || id FROM run"
	" WHERE (status IN ('succeeded', 'failed', 'timed_out', 'canceled', 'interrupted',"
	" 'rejected'))"
	" <> (finished_at IS NOT NULL)",
	"SELECT 'a canceled run that goes on: ' || run_id FROM step s JOIN run r ON r.id = s.run_id"
	" WHERE r.status = 'canceled' AND s.status IN ('starting', 'running', 'waiting')",
	"SELECT 'two attempts of a step at a time: ' || run_id FROM step"
	" WHERE status IN ('starting', 'running', 'waiting') GROUP BY run_id HAVING count(*) > 1",
	"SELECT 'a run waits, and nobody is asked, or the other way round: ' || id FROM run r"
	" WHERE (status = 'awaiting_approval') <> EXISTS (SELECT 1 FROM approval a"
	" WHERE a.run_id = r.id AND a.decision IS NULL)",
	"SELECT 'a step behind an approve step, which nobody approved: ' || s.run_id FROM step s"
	" JOIN step a ON a.run_id = s.run_id AND a.kind = 'approve' AND a.step < s.step"
	" WHERE s.phase = 'steps' AND NOT EXISTS (SELECT 1 FROM approval y"
	" WHERE y.run_id = a.run_id AND y.step = a.step AND y.decision = 'approved')",
	"SELECT 'a step of asks, and no approve step before it: ' || s.run_id FROM step s"
	" JOIN run r ON r.id = s.run_id AND r.playbook = 'asks'"
	" WHERE s.phase = 'steps' AND s.kind <> 'approve' AND NOT EXISTS (SELECT 1 FROM step a"
	" WHERE a.run_id = s.run_id AND a.step = s.step - 1 AND a.kind = 'approve')",
	"SELECT 'approved after its expiry, or by who asked for it: ' || run_id FROM approval"
	" WHERE decision = 'approved' AND (decided_at >= expires_at OR decided_by = not_by)",
	"SELECT 'a step behind a rejection: ' || s.run_id FROM step s"
	" JOIN approval a ON a.run_id = s.run_id AND a.step < s.step"
	" WHERE a.decision IN ('rejected', 'expired', 'void')",
	"SELECT 'its timeline says that an incident is ' || t.kind || ', but it is ' || i.status ||"
	" ': ' || i.id FROM incident i JOIN timeline t ON t.incident_id = i.id AND t.id ="
	" (SELECT max(id) FROM timeline WHERE incident_id = i.id AND kind IN"
	" ('opened', 'reopened', 'fired', 'mitigated', 'resolved', 'closed'))"
	" WHERE i.status <> CASE WHEN t.kind IN ('opened', 'reopened', 'fired') THEN 'firing'"
	" ELSE t.kind END",
	"SELECT 'a timeline does not begin with its opening: ' || id FROM incident i"
	" WHERE (SELECT group_concat(id) FROM timeline WHERE incident_id = i.id"
	" AND kind = 'opened') IS NOT '1'",
	"SELECT 'something is missing in a timeline: ' || incident_id FROM timeline"
	" GROUP BY incident_id HAVING count(*) <> max(id)",
	"SELECT 'an incident was moved after it was closed: ' || t.incident_id FROM timeline t"
	" JOIN timeline c ON c.incident_id = t.incident_id AND c.kind = 'closed' AND c.id < t.id"
	" WHERE t.kind IN ('opened', 'reopened', 'joined', 'fired', 'mitigated', 'resolved',"
	" 'acknowledged', 'closed', 'attention')",
	"SELECT 'a closed incident wants something: ' || id FROM incident"
	" WHERE (status = 'closed') <> (closed_at IS NOT NULL)"
	" OR (status = 'closed' AND attention IS NOT NULL)",
	"SELECT 'an alert started a run for what people called over: ' || r.id FROM run r"
	" JOIN timeline q ON q.incident_id = r.incident_id AND q.run_id = r.id"
	" AND q.kind = 'queued'"
	" JOIN incident i ON i.id = r.incident_id AND i.status IN ('resolved', 'closed')"
	" WHERE r.trigger = 'alert' AND q.id > (SELECT min(id) FROM timeline o"
	" WHERE o.incident_id = i.id AND o.kind IN ('resolved', 'closed') AND o.id >"
	" (SELECT max(id) FROM timeline WHERE incident_id = i.id"
	" AND kind IN ('opened', 'reopened')))",
	"SELECT 'a run is not in the timeline of its incident: ' || r.id FROM run r"
	" WHERE incident_id IS NOT NULL AND (SELECT count(*) FROM timeline t WHERE"
	" t.incident_id = r.incident_id AND t.run_id = r.id AND t.kind IN ('queued', 'ended'))"
	" <> 1 + (r.finished_at IS NOT NULL)",
	"SELECT 'an incident was called over while a run of it went on: ' || t.incident_id"
	" FROM timeline t JOIN timeline q ON q.incident_id = t.incident_id AND q.id < t.id"
	" AND q.kind = 'queued' JOIN run r ON r.id = q.run_id"
	" WHERE t.kind IN ('resolved', 'closed') AND t.who IS NOT NULL"
	" AND NOT EXISTS (SELECT 1 FROM timeline e WHERE e.incident_id = t.incident_id"
	" AND e.id < t.id AND e.kind = 'ended' AND e.run_id = r.id)"
	" AND NOT (r.status = 'canceled' AND r.cancel IS NULL)"
	" AND NOT EXISTS (SELECT 1 FROM run_also a WHERE a.run_id = r.id)",
	"SELECT 'a run waits for what is over: ' || id FROM run r"
	" WHERE trigger IN ('alert', 'escalation') AND (status = 'awaiting_approval'"
	" OR (status = 'queued' AND started_at IS NULL)) AND NOT EXISTS (SELECT 1 FROM episode e"
	" JOIN incident i ON i.id = e.incident_id AND i.status IN ('firing', 'mitigated')"
	" WHERE e.status = 'firing' AND (e.id = r.episode_id OR e.id IN"
	" (SELECT episode_id FROM run_also WHERE run_id = r.id)))",
	"SELECT 'two runs of one playbook and target at a time: ' || max(id) FROM run"
	" WHERE finished_at IS NULL AND (started_at IS NOT NULL"
	" OR status IN ('running', 'verifying')) GROUP BY target HAVING count(*) > 1",
	"SELECT 'two runs wait to do the same for alerts: ' || max(id) FROM run"
	" WHERE finished_at IS NULL AND started_at IS NULL AND trigger = 'alert'"
	" AND status IN ('queued', 'awaiting_approval') GROUP BY target HAVING count(*) > 1",
	"SELECT 'somebody has it in hand, but did not say so: ' || id FROM incident i"
	" WHERE (acknowledged_at IS NOT NULL) <> EXISTS (SELECT 1 FROM timeline t"
	" WHERE t.incident_id = i.id AND t.kind = 'acknowledged' AND t.id > (SELECT max(id)"
	" FROM timeline WHERE incident_id = i.id AND kind IN ('opened', 'reopened')))",
	NULL,
};

/* … and when nothing more can happen. */
const char *const promises_at_rest[] = {
	"SELECT 'a run without an end: ' || id FROM run WHERE finished_at IS NULL",
	"SELECT 'a step without an end: ' || run_id || '.' || step FROM step"
	" WHERE status IN ('starting', 'running', 'waiting')",
	"SELECT 'a delivery with fewer decisions than alerts: ' || id FROM delivery d"
	" WHERE alerts > (SELECT count(*) FROM decision c WHERE c.delivery_id = d.id)",
	"SELECT 'an alert fires in an incident that is over: ' || e.id FROM episode e"
	" JOIN incident i ON i.id = e.incident_id"
	" WHERE e.status = 'firing' AND i.status = 'resolved' AND i.resolved_by IS NULL",
	"SELECT 'a run succeeded, though a step of it did not: ' || r.id FROM run r"
	" JOIN step s ON s.run_id = r.id WHERE r.status = 'succeeded'"
	" AND s.phase = 'verify' AND s.status <> 'succeeded'",
	"SELECT 'a run was canceled, and ended otherwise: ' || id FROM run"
	" WHERE cancel IS NOT NULL AND status <> 'canceled'",
	"SELECT 'a run is canceled, nobody did that, and it had not to end: ' || id FROM run"
	" WHERE status = 'canceled' AND cancel IS NULL AND (trigger IN ('manual', 'replay')"
	" OR (started_at IS NOT NULL AND playbook <> 'asks'))",
	"SELECT 'rejected, and nobody said no: ' || id FROM run r WHERE status = 'rejected'"
	" AND NOT EXISTS (SELECT 1 FROM approval a WHERE a.run_id = r.id)",
	"SELECT 'a notice that is neither sent nor failed: ' || id FROM outbox"
	" WHERE status = 'pending'",
	"SELECT 'not every endpoint has a row: ' || run_id || '.' || step FROM step"
	" WHERE kind = 'notify' AND status = 'succeeded' AND 2 <> (SELECT count(*) FROM outbox"
	" WHERE key = 'step/' || run_id || '/' || step)",
	"SELECT 'a notice without a cause: ' || key FROM outbox WHERE"
	" kind NOT IN ('initial', 'escalation', 'update', 'resolved') AND NOT EXISTS"
	" (SELECT 1 FROM step WHERE kind = 'notify' AND key = 'step/' || run_id || '/' || step)",
	"SELECT 'it was never sent: ' || id FROM outbox WHERE status = 'sent' AND attempts = 0",
	"PRAGMA foreign_key_check",
	NULL,
};
