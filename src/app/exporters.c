/* SPDX-License-Identifier: Apache-2.0 */
#include "app/exporters.h"

#include "app/log.h"

int exporters_open(struct exporters *e, const struct config *config, const struct engine_options *offered,
		   struct error *err)
{
	int r;

	e->offered = offered;
	r = webserver_open(config, offered, &e->web, err);
	return r < 0 ? r : metrics_snapshot_new(config, &e->snapshot, err);
}

void exporters_look(struct exporters *e, struct session *s)
{
	if (e->snapshot)
		metrics_snapshot_look(e->snapshot, s);
	if (e->web)
		webserver_update(e->web, s);
}

void exporters_reopen(struct exporters *e)
{
	struct error err = { 0 };

	if (e->snapshot && metrics_snapshot_reopen(e->snapshot, &err) < 0)
		log_error("%s; the old file stays in use", err.text);
}

void exporters_free(struct exporters *e)
{
	webserver_close(e->web);
	metrics_snapshot_free(e->snapshot);
	*e = (struct exporters){ 0 };
}
