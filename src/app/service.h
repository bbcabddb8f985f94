/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_SERVICE_H
#define MONITOR_APP_SERVICE_H

/*
 * What a service manager is told (sd_notify(3), by a datagram of our own): that we are ready, load again,
 * stop, and are alive as often as it wants to hear it (WATCHDOG_USEC). Nothing happens when nobody asked for
 * it, in NOTIFY_SOCKET.
 */

/*
 * Reads what the manager wants and takes it out of the environment: programs that we start are not the
 * service. Once.
 */
void service_begin(void);
void service_ready(void);
void service_reloading(void);
void service_stopping(void);
/* To be called several times a second; costs a comparison. */
void service_alive(void);

#endif
