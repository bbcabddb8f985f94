/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TESTS_LIVE_SRC_RACER_H
#define MONITOR_TESTS_LIVE_SRC_RACER_H

#include <netinet/in.h>

/*
 * connect-later: a second thread writes the address of a connection that is not there yet when connect() returns, since
 * the port of all addresses that is told answers nobody.
 */
int serve_nobody(void (*tell)(in_port_t port));
/* 1 = the attempt to connect to *to goes to the secret address */
int attempt_later(const struct sockaddr_in *to, in_addr_t secret);

/*
 * connect-code: a second thread turns the instruction of a connect() of one socket to addresses[0] into a way to one of
 * another to addresses[1]; who has the call made again comes there.
 */
void store_code(int which);
/* 1 = the second socket is connected */
int attempt_by_code(const struct sockaddr_in addresses[2]);

#endif
