/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TESTS_LIVE_SRC_RACER_H
#define MONITOR_TESTS_LIVE_SRC_RACER_H

#include <netinet/in.h>
#include <sys/un.h>

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

/* The connection is made when something is sent (TCP_FASTOPEN_CONNECT). 1 = it went to the secret address */
int attempt_fast(const struct sockaddr_in *to, in_addr_t secret);
/* 1 = bound to the secret address */
int attempt_bind(const struct sockaddr_in *to, in_addr_t secret);
/* 1 = connected to the secret name, or bound to it */
int attempt_unix(const struct sockaddr_un *to, const char *secret, int binds);
/* 1 = the program says that it got the secret argument */
int attempt_exec(char *argument);

#endif
