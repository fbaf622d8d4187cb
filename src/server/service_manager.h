/* server/service_manager.h - tells systemd how far the server is.
 *
 * Spec: sd_notify(3). Without NOTIFY_SOCKET in the environment nothing is done. Best effort: a
 * server that works is not ended because nobody listens.
 */
#ifndef SERVER_SERVICE_MANAGER_H
#define SERVER_SERVICE_MANAGER_H

void service_manager_ready(void);
void service_manager_stopping(void);

#endif
