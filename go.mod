module github.com/backstay/backstay

go 1.26
