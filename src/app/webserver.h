/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_WEBSERVER_H
#define MONITOR_APP_WEBSERVER_H

#include "app/config.h"
#include "app/session.h"

/* Health, versions and metrics by HTTP, as webserver: of the configuration asks for. */
struct webserver;

/*
 * *ret_server NULL when it is not enabled. config and offered, which has the plugins, are borrowed. Starts
 * threads: behind tracer_open(). Notes for a person go to the log.
 */
int webserver_open(const struct config *config, const struct engine_options *offered, struct webserver **ret_server,
		   struct error *err);
/*
 * Another configuration is in force: the server goes on, or is made anew when what is said of it has changed;
 * then, if that fails, the old one comes back, and the log has the reason.
 */
void webserver_follow(struct webserver **server, const struct config *config, const struct config *former,
		      const struct engine_options *offered);
/* New figures, by the session's own thread; at most once a second, whatever it is called. */
void webserver_update(struct webserver *w, const struct session *s);
void webserver_close(struct webserver *w); /* accepts NULL */

#endif
