/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TESTS_LIVE_SRC_RACER_H
#define MONITOR_TESTS_LIVE_SRC_RACER_H

#include <netinet/in.h>

/* Connections that are not there yet when connect() returns: to a port of all addresses that answers nobody. */
int serve_nobody(in_port_t *ret_port);
/* 1 = the attempt to connect to *to, which may change, goes to the secret address */
int attempt_later(const struct sockaddr_in *to, in_addr_t secret);

#endif
