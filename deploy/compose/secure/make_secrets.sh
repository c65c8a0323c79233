#!/bin/sh
# Makes a throw-away certificate authority, a certificate for each broker and a password for each
# user, once. Every service mounts only the folder that is its own.
# For production, put files of the same names from your own authority into these volumes instead.
set -eu
umask 077
cd /run/rolestream/made
[ -e kafka/done ] && exit 0

openssl req -x509 -newkey rsa:3072 -nodes -days 825 -subj "/CN=rolestream throw-away CA" \
  -keyout /tmp/ca.key -out /tmp/ca.pem 2>/dev/null
for broker in kafka kafka-2 kafka-3; do
  openssl req -newkey rsa:3072 -nodes -subj "/CN=broker" -keyout /tmp/key -out /tmp/csr 2>/dev/null
  printf 'subjectAltName=DNS:%s,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n' \
    "$broker" > /tmp/ext
  openssl x509 -req -in /tmp/csr -CA /tmp/ca.pem -CAkey /tmp/ca.key -CAcreateserial -days 825 \
    -extfile /tmp/ext -out /tmp/crt 2>/dev/null
  cat /tmp/key /tmp/crt > "kafka/$broker.pem"
done
cp /tmp/ca.pem kafka/ca.pem

: > kafka/scram-users
for user in admin splitter role-worker policy producer consumer observer operator; do
  password=$(openssl rand -hex 24)
  printf '%s' "$password" > "$user/password"
  cp /tmp/ca.pem "$user/ca.pem"
  echo "SCRAM-SHA-512=[name=$user,password=$password]" >> kafka/scram-users
done
# The brokers run under another user, in our group.
chmod -R u=rwX,g=rX,o= kafka
rm -f /tmp/ca.key /tmp/key
touch kafka/done
